package fhir

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"vigil/vitals"
)

// Bounds of a page.
const (
	DefaultCount = 100
	MaxCount     = 1000
	maxIDs       = 200
)

// Request is a search as it arrived.
type Request struct {
	Base   string     // address of the FHIR service, without a slash at the end
	Values url.Values // parameters of the query and, for POST, of the form
	Strict bool       // Prefer: handling=strict
}

// Search is a search understood. The zero value of a criterion means that it was not asked for.
type Search struct {
	Resource   *Resource
	Patient    vitals.PatientID
	IDs        []string // any of these
	Nothing    bool     // the criteria contradict each other: no resource can match
	Dates      Dates
	Count      int
	Descending bool
	After      *Cursor
	Warnings   []Issue // parameters that were ignored

	base    string
	strict  bool
	patient bool // Patient was asked for
	kinds   kindSet
	parts   []partCondition
	tokens  map[string][][]token // per parameter: all of these, each any of the tokens
	words   map[string][][]string
	applied url.Values // what counted, for the links
}

// partCondition is one combo-code: the Observation's own code or that of a component.
type partCondition struct{ whole, part kindSet }

// pageParam carries the cursor in next links.
const pageParam = "_page"

// general are parameters that every interaction understands and that select nothing.
var general = []string{"_format", pageParam}

// ParseSearch understands a search for a resource. An unknown parameter is an error when the client
// asked for strict handling, else a warning in the answer; a value or modifier that is not understood is
// always an error, because leaving out a filter shows what was not asked for.
func ParseSearch(r *Resource, req Request) (Search, error) {
	s := Search{
		Resource: r, Count: DefaultCount, Descending: r.newestFirst, base: req.Base, strict: req.Strict,
		kinds: allKinds, tokens: map[string][][]token{}, words: map[string][][]string{}, applied: url.Values{},
	}
	for _, name := range sortedKeys(req.Values) {
		if slices.Contains(general, name) {
			continue
		}
		if err := s.apply(name, req.Values[name]); err != nil {
			return Search{}, err
		}
	}
	if err := r.complete(&s); err != nil {
		return Search{}, err
	}
	if page := req.Values.Get(pageParam); page != "" {
		cursor, err := decodeCursor(page, s.fingerprint())
		if err != nil {
			return Search{}, refuse(Value, pageParam, err.Error())
		}
		s.After = &cursor
	}
	return s, nil
}

func sortedKeys(v url.Values) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// apply takes in one parameter with all its repetitions.
func (s *Search) apply(full string, values []string) error {
	name, modifier, _ := strings.Cut(full, ":")
	param, known := s.Resource.param(name)
	if !known {
		return s.ignore(full, fmt.Sprintf("the search parameter %.60q is not supported for %s", full, s.Resource.Type))
	}
	if modifier != "" && modifier != param.modifier {
		return refuse(NotSupported, name, fmt.Sprintf("the modifier %.40q is not supported", modifier))
	}
	for _, value := range values {
		if value == "" {
			if err := s.ignore(full, fmt.Sprintf("the search parameter %.60q has no value", full)); err != nil {
				return err
			}
			continue
		}
		if err := param.apply(s, name, value); err != nil {
			return err
		}
		s.applied.Add(full, value)
	}
	return nil
}

// ignore leaves a parameter out, with a warning, or refuses it when the client is strict.
func (s *Search) ignore(name, text string) error {
	issue := Issue{Severity: Warning, Code: NotSupported, Text: text, Expression: "http." + name}
	if s.strict {
		issue.Severity = Fault
		return &Error{issue}
	}
	issue.Text += "; it was ignored"
	s.Warnings = append(s.Warnings, issue)
	return nil
}

func applyPatient(s *Search, name, value string) error {
	alternatives := splitEscaped(value, ',')
	if len(alternatives) > 1 {
		return refuse(NotSupported, name, "one patient at a time: several in one search are not supported")
	}
	id := strings.TrimPrefix(value, s.base+"/")
	id = strings.TrimPrefix(id, "Patient/")
	if !ValidID(id) { // another server's patient, or another type: none of ours
		s.Nothing = true
		return nil
	}
	s.askFor(vitals.PatientID(id))
	return nil
}

// askFor narrows the search to a patient.
func (s *Search) askFor(p vitals.PatientID) {
	if s.patient && s.Patient != p {
		s.Nothing = true
		return
	}
	s.patient, s.Patient = true, p
}

func applyID(s *Search, name, value string) error {
	ids := splitEscaped(value, ',')
	if len(ids) > maxIDs {
		return refuse(TooCostly, name, fmt.Sprintf("more than %d ids in one search", maxIDs))
	}
	if s.IDs != nil {
		ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(s.IDs, id) })
	}
	slices.Sort(ids)
	s.IDs = slices.Compact(ids)
	s.Nothing = s.Nothing || len(ids) == 0
	return nil
}

func applyDate(s *Search, name, value string) error {
	group, err := parseDates(name, value)
	s.Dates = append(s.Dates, group)
	return err
}

func applyCode(s *Search, _, value string) error {
	s.kinds &= kindsByCode(parseTokens(value))
	return nil
}

func applyComboCode(s *Search, _, value string) error {
	tokens := parseTokens(value)
	s.parts = append(s.parts, partCondition{kindsByCode(tokens), partsByCode(tokens)})
	return nil
}

func applyComponentCode(s *Search, _, value string) error {
	s.parts = append(s.parts, partCondition{part: partsByCode(parseTokens(value))})
	return nil
}

func applyCategory(s *Search, _, value string) error {
	s.kinds &= kindsByCategory(parseTokens(value))
	return nil
}

// applyFinal is the status of Observations, which are all final.
func applyFinal(s *Search, _, value string) error {
	if !anyNames(parseTokens(value), systemObservationStatus, "final") {
		s.Nothing = true
	}
	return nil
}

const systemObservationStatus = "http://hl7.org/fhir/observation-status"

func applyTokens(s *Search, name, value string) error {
	s.tokens[name] = append(s.tokens[name], parseTokens(value))
	return nil
}

// applyWords keeps text to be compared from its beginning, without case.
func applyWords(s *Search, name, value string) error {
	var words []string
	for _, part := range splitEscaped(value, ',') {
		words = append(words, strings.ToLower(unescaper.Replace(part)))
	}
	s.words[name] = append(s.words[name], words)
	return nil
}

func applyCount(s *Search, name, value string) error {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil || n < 0:
		return refuse(Value, name, fmt.Sprintf("%.20q is not a page size", value))
	case n == 0:
		return refuse(NotSupported, name, "counting without entries (_count=0) is not supported")
	}
	s.Count = min(n, MaxCount)
	return nil
}

func applySort(s *Search, name, value string) error {
	key, descending := strings.CutPrefix(value, "-")
	if key != s.Resource.sortKey {
		return s.ignore(name, fmt.Sprintf("sorting by %.40q is not supported; use %s or -%s",
			value, s.Resource.sortKey, s.Resource.sortKey))
	}
	s.Descending = descending
	return nil
}

// completeObservation makes sure that the search is about one patient. Ids tell whom they are about.
func completeObservation(s *Search) error {
	for _, id := range s.IDs {
		if patient, _, err := ParseObservationID(id); err == nil && !s.patient {
			s.Patient = patient
		}
	}
	if !s.patient && s.IDs == nil && !s.Nothing {
		return refuse(Required, "patient", "an Observation search needs patient, subject or _id")
	}
	s.Nothing = s.Nothing || s.kinds == 0
	return nil
}

func completeNothing(*Search) error { return nil }

// Keys are the places that the ids of an Observation search name, in the order asked for, with
// their patients. Ids that are not ours match nothing.
func (s *Search) Keys() []Observation {
	var all []Observation
	for _, id := range s.IDs {
		patient, key, err := ParseObservationID(id)
		if err != nil || (s.patient && patient != s.Patient) || !s.kinds.has(key.Kind) {
			continue
		}
		all = append(all, Observation{Patient: patient, Key: key})
	}
	slices.SortFunc(all, func(a, b Observation) int {
		if s.Descending {
			a, b = b, a
		}
		return a.Key.Compare(b.Key)
	})
	return all
}

// Readings lists the kinds of reading to fetch, Waves those of waveforms; both may be empty.
func (s *Search) Readings() []vitals.Kind {
	return s.fetch(func(k vitals.Kind) bool { return k.Info().Shape != vitals.Sampled })
}

// Waves lists the kinds of waveform to fetch.
func (s *Search) Waves() []vitals.Kind {
	return s.fetch(func(k vitals.Kind) bool { return k.Info().Shape == vitals.Sampled })
}

func (s *Search) fetch(shape func(vitals.Kind) bool) []vitals.Kind {
	var all []vitals.Kind
	for _, k := range vitals.Kinds() {
		if s.mayShow(Leading(k)) && shape(k) {
			all = append(all, k)
		}
	}
	return all
}

// mayShow reports whether Observations with the leading kind can match.
func (s *Search) mayShow(lead vitals.Kind) bool {
	for _, p := range s.parts {
		inside := slices.ContainsFunc(Members(lead), p.part.has)
		if !p.whole.has(lead) && !inside {
			return false
		}
	}
	return s.kinds.has(lead)
}

// Matches reports whether the Observation, fetched by kind and time, is one that was asked for.
func (s *Search) Matches(o *Observation) bool {
	if !s.kinds.has(o.Key.Kind) || !s.Dates.Cover(o.Period()) {
		return false
	}
	for _, p := range s.parts {
		if !p.whole.has(o.Key.Kind) && !o.hasPart(p.part) {
			return false
		}
	}
	return true
}

// hasPart reports whether one of the kinds is among the components that the resource shows.
func (o *Observation) hasPart(parts kindSet) bool {
	if o.Key.Kind == vitals.Systolic && (parts.has(vitals.Systolic) || parts.has(vitals.Diastolic)) {
		return true // shown even where there is no value
	}
	return slices.ContainsFunc(o.Readings, func(r vitals.Charted) bool { return Leading(r.Kind) == vitals.Systolic && parts.has(r.Kind) }) ||
		slices.ContainsFunc(o.Waves, func(w vitals.Waveform) bool { return w.Kind.IsECG() && parts.has(w.Kind) })
}
