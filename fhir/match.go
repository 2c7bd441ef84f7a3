package fhir

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// MatchesPatient reports whether the patient is one that was asked for.
func (s *Search) MatchesPatient(p vitals.Patient) bool {
	born, dayAfter := birthRange(p.Birth)
	names := append(strings.Fields(p.Given), p.Given)
	return s.wanted(string(p.ID)) &&
		(len(s.Dates) == 0 || (!p.Birth.IsZero() && s.Dates.Cover(born, dayAfter))) &&
		s.tokensName("identifier", coding{system: systemMRN, code: p.MRN}) &&
		s.tokensName("gender", coding{system: systemGender, code: string(p.Sex)}) &&
		s.wordsBegin("family", p.Family) &&
		s.wordsBegin("given", names...) &&
		s.wordsBegin("name", append(names, p.Family)...)
}

const systemGender = "http://hl7.org/fhir/administrative-gender"

// MatchesDevice reports whether the device is one that was asked for.
func (s *Search) MatchesDevice(d Device) bool {
	names := lo.Map(d.identifiers(), func(i identifier, _ int) coding { return coding{system: i.System, code: i.Value} })
	return s.wanted(string(d.ID)) &&
		(!s.patient || d.Patient == s.Patient) &&
		s.tokensName("identifier", names...)
}

// MatchesAlarm reports whether the alarm is one that was asked for. Alarms that are still waiting
// for their delay are nobody's business.
func (s *Search) MatchesAlarm(a alerts.Alarm) bool {
	codes := lo.Map(codesOf(a.Condition), func(c coded, _ int) coding { return coding{system: c.System, code: c.Code} })
	end := endOf(a)
	if end.IsZero() {
		end = endOfTime
	}
	return a.State != alerts.Pending && s.wanted(string(a.ID)) &&
		(!s.patient || a.Patient == s.Patient) &&
		s.Dates.Cover(a.Onset, end) &&
		s.tokensName("code", codes...) &&
		s.tokensName("identifier", coding{system: systemAlarm, code: string(a.ID)}) &&
		s.tokensName("status", coding{system: systemObservationStatus, code: statusOf(a)})
}

// endOfTime stands for the end of what is still going on.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// completeIssue makes sure that a search for alarms is bounded.
func completeIssue(s *Search) error {
	if s.patient || s.IDs != nil || s.OpenOnly() || s.Nothing {
		return nil
	}
	return refuse(Required, "patient", "a DetectedIssue search needs patient, _id or status=preliminary")
}

// OpenOnly reports whether only alarms that are open can match.
func (s *Search) OpenOnly() bool { return !s.admits("final") && s.admits("preliminary") }

func (s *Search) admits(status string) bool {
	return s.tokensName("status", coding{system: systemObservationStatus, code: status})
}

// wanted reports whether the id is one of those asked for, or none was.
func (s *Search) wanted(id string) bool { return s.IDs == nil || slices.Contains(s.IDs, id) }

// tokensName reports whether every repetition of the parameter names one of the codings.
func (s *Search) tokensName(param string, codings ...coding) bool {
	return lo.EveryBy(s.tokens[param], func(tokens []token) bool { return anyNamesOf(tokens, codings) })
}

// wordsBegin reports whether every repetition of the parameter begins one of the values.
func (s *Search) wordsBegin(param string, values ...string) bool {
	return lo.EveryBy(s.words[param], func(words []string) bool {
		return slices.ContainsFunc(words, func(word string) bool {
			return slices.ContainsFunc(values, func(value string) bool {
				return strings.HasPrefix(strings.ToLower(value), word)
			})
		})
	})
}

// Page sorts the matches by time and id, as asked, and cuts out the page behind the cursor. The
// second result is the cursor of the next page, nil on the last one.
func Page[T any](s *Search, matches []T, at func(T) Cursor) ([]T, *Cursor) {
	order := func(a, b Cursor) int {
		by := cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
		if s.Descending {
			return -by
		}
		return by
	}
	slices.SortFunc(matches, func(a, b T) int { return order(at(a), at(b)) })
	if s.After != nil {
		from := slices.IndexFunc(matches, func(m T) bool { return order(at(m), *s.After) > 0 })
		if from < 0 {
			return nil, nil
		}
		matches = matches[from:]
	}
	if len(matches) <= s.Count {
		return matches, nil
	}
	next := at(matches[s.Count-1])
	return matches[:s.Count], &next
}
