package fhir

import (
	"fmt"
	"net/http"
)

// Answer is what became of an entry of an upload.
type Answer struct {
	Status   int    // of HTTP
	Location string // where it is found; empty where nothing is
	Issue    *Issue // what is to be said about it; nil where nothing is
}

type (
	answerResponse struct {
		Status   string           `json:"status"`
		Location string           `json:"location,omitempty"`
		Outcome  *outcomeResource `json:"outcome,omitempty"`
	}
	answerEntry struct {
		Response answerResponse `json:"response"`
	}
	answerBundle struct {
		ResourceType string        `json:"resourceType"`
		Type         string        `json:"type"`
		Entry        []answerEntry `json:"entry"`
	}
)

// AppendAnswers adds the Bundle that answers an upload, an entry for each of its.
func AppendAnswers(dst []byte, all bool, answers []Answer) []byte {
	b := answerBundle{ResourceType: "Bundle", Type: "batch-response", Entry: make([]answerEntry, len(answers))}
	if all {
		b.Type = "transaction-response"
	}
	for i, a := range answers {
		r := answerResponse{Status: fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)), Location: a.Location}
		if a.Issue != nil {
			outcome := outcomeOf(*a.Issue)
			r.Outcome = &outcome
		}
		b.Entry[i].Response = r
	}
	return appendJSON(dst, b)
}
