package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"vigil/server/api"
)

// description is what the tests read of the OpenAPI text.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Security    []map[string][]string `json:"security"`
		Responses   map[string]struct {
			Content map[string]any `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]struct {
				Type any `json:"type"`
			} `json:"properties"`
			AdditionalProperties any `json:"additionalProperties"`
		} `json:"schemas"`
	} `json:"components"`
}

func described(t *testing.T) description {
	t.Helper()
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenAPIIsWrittenWithoutADatabase(t *testing.T) {
	t.Parallel()
	d := described(t)
	for _, name := range []string{"Alarm", "Problem", "Patient", "Staff", "Unit"} {
		if len(d.Components.Schemas[name].Properties) == 0 {
			t.Errorf("no schema %s among %v", name, len(d.Components.Schemas))
		}
	}
	again, _ := api.OpenAPI()
	first, _ := api.OpenAPI()
	if string(first) != string(again) {
		t.Error("two descriptions differ")
	}
}

func TestListsAreNeverNull(t *testing.T) {
	t.Parallel()
	for name, schema := range described(t).Components.Schemas {
		if name == "" {
			t.Error("a schema has no name")
		}
		for property, p := range schema.Properties {
			if types, ok := p.Type.([]any); ok && slices.Contains(types, any("array")) {
				t.Errorf("%s.%s may be null", name, property)
			}
		}
	}
}

// Whose limits they are is told with them, of a patient, of a unit and of what is proposed.
func TestLimitsAreDescribedWithTheirVersion(t *testing.T) {
	t.Parallel()
	schemas := described(t).Components.Schemas
	for _, name := range []string{"LimitsOutputBody", "UnitLimitsOutputBody", "Proposal"} {
		for _, property := range []string{"version", "changes", "by", "at", "reason"} {
			if _, there := schemas[name].Properties[property]; !there {
				t.Errorf("%s.%s is not described", name, property)
			}
		}
	}
}

func TestEveryOperationSaysWhoMayAndHowItFails(t *testing.T) {
	t.Parallel()
	public := []string{"login", "logout"}
	for path, operations := range described(t).Paths {
		if !strings.HasPrefix(path, "/api/v1/") {
			t.Errorf("%s is outside the interface", path)
		}
		for method, o := range operations {
			if (len(o.Security) == 0) != slices.Contains(public, o.OperationID) {
				t.Errorf("%s %s: security %v", method, path, o.Security)
			}
			if _, ok := o.Responses["default"].Content["application/problem+json"]; !ok {
				t.Errorf("%s %s does not say how it fails", method, path)
			}
		}
	}
}
