package fhir

// Severity of an issue, as FHIR has it.
type Severity string

// Severities in use.
const (
	Fault       Severity = "error"
	Warning     Severity = "warning"
	Information Severity = "information"
)

// IssueCode is FHIR's issue-type.
type IssueCode string

// Issue types in use.
const (
	Invalid      IssueCode = "invalid"
	Required     IssueCode = "required"
	Value        IssueCode = "value"
	NotSupported IssueCode = "not-supported"
	NotFound     IssueCode = "not-found"
	Login        IssueCode = "login"
	Forbidden    IssueCode = "forbidden"
	TooCostly    IssueCode = "too-costly"
	TooLong      IssueCode = "too-long"
	Throttled    IssueCode = "throttled"
	Transient    IssueCode = "transient"
	Exception    IssueCode = "exception"
	Conflict     IssueCode = "conflict"
	BusinessRule IssueCode = "business-rule"
	Informed     IssueCode = "informational"
)

// Issue is one line of an OperationOutcome.
type Issue struct {
	Severity   Severity
	Code       IssueCode
	Text       string
	Expression string // what is at fault: a search parameter, "http.date", or an entry, "Bundle.entry[3]"
}

// Error is a request that FHIR refuses, with the issue that tells why.
type Error struct{ Issue Issue }

// Error is the issue's text.
func (e *Error) Error() string { return e.Issue.Text }

// refuse makes the error about a parameter.
func refuse(code IssueCode, param, text string) *Error {
	return &Error{Issue{Severity: Fault, Code: code, Text: text, Expression: "http." + param}}
}

type (
	issueResource struct {
		Severity    Severity  `json:"severity"`
		Code        IssueCode `json:"code"`
		Diagnostics string    `json:"diagnostics,omitempty"`
		Expression  []string  `json:"expression,omitempty"`
	}
	outcomeResource struct {
		ResourceType string          `json:"resourceType"`
		Issue        []issueResource `json:"issue"`
	}
)

// AppendOutcome adds an OperationOutcome with at least one issue.
func AppendOutcome(dst []byte, issues ...Issue) []byte {
	return appendJSON(dst, outcomeOf(issues...))
}

func outcomeOf(issues ...Issue) outcomeResource {
	resource := outcomeResource{ResourceType: "OperationOutcome"}
	for _, i := range issues {
		line := issueResource{Severity: i.Severity, Code: i.Code, Diagnostics: i.Text}
		if i.Expression != "" {
			line.Expression = []string{i.Expression}
		}
		resource.Issue = append(resource.Issue, line)
	}
	return resource
}
