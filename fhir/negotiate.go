package fhir

import (
	"mime"
	"slices"
	"strconv"
	"strings"
)

// jsonNames are the media types and short names that ask for JSON.
var jsonNames = []string{"application/fhir+json", "application/json", "text/json", "json", "*/*", "application/*"}

// AcceptsJSON reports whether the client takes JSON, by the Accept header or by _format, which
// overrides it. XML is not offered.
func AcceptsJSON(accept, format string) bool {
	if format != "" {
		accept = strings.ReplaceAll(format, " ", "+") // a plus sign that was not escaped in the URL
	}
	if strings.TrimSpace(accept) == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(accept, ","), acceptable)
}

// acceptable reports whether one media range of an Accept header covers FHIR R4 as JSON.
func acceptable(mediaRange string) bool {
	name, params, err := mime.ParseMediaType(mediaRange)
	if err != nil || !slices.Contains(jsonNames, name) {
		return false
	}
	if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
		return false
	}
	version := params["fhirversion"]
	return version == "" || strings.HasPrefix(Version, version)
}

// Strict reports whether a Prefer header asks for strict handling (RFC 7240, FHIR R4 search).
func Strict(prefer []string) bool {
	for _, header := range prefer {
		for preference := range strings.FieldsFuncSeq(header, func(r rune) bool { return r == ',' || r == ';' }) {
			if strings.EqualFold(strings.ReplaceAll(preference, " ", ""), "handling=strict") {
				return true
			}
		}
	}
	return false
}
