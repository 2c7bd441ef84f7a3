package fhir

import (
	"slices"
	"strings"

	"vigil/vitals"
)

// token is one alternative of a token parameter: system|code, |code, system| or code.
type token struct {
	system, code string
	anySystem    bool // code alone
}

// splitEscaped cuts at the separator except where a backslash stands before it.
func splitEscaped(s string, separator byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\|`, `|`, `\$`, `$`)

func parseTokens(value string) []token {
	var all []token
	for _, part := range splitEscaped(value, ',') {
		pieces := splitEscaped(part, '|')
		t := token{code: unescaper.Replace(pieces[0]), anySystem: true}
		if len(pieces) > 1 {
			t = token{system: unescaper.Replace(pieces[0]), code: unescaper.Replace(strings.Join(pieces[1:], "|"))}
		}
		all = append(all, t)
	}
	return all
}

// names reports whether the token names the code of the system.
func (t token) names(system, code string) bool {
	if t.anySystem {
		return t.code == code
	}
	return t.system == system && (t.code == "" || t.code == code)
}

// anyNames reports whether one of the tokens names the code of the system.
func anyNames(tokens []token, system, code string) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.names(system, code) })
}

// anyNamesOf reports whether one of the tokens names one of the codings.
func anyNamesOf(tokens []token, codings []coding) bool {
	return slices.ContainsFunc(codings, func(c coding) bool { return anyNames(tokens, c.system, c.code) })
}

// kindSet is a set of kinds, a bit for each.
type kindSet uint64

func kindsWhere(match func(vitals.Kind) bool) kindSet {
	var set kindSet
	for _, k := range vitals.Kinds() {
		if match(k) {
			set |= 1 << k
		}
	}
	return set
}

func (s kindSet) has(k vitals.Kind) bool { return s>>k&1 == 1 }

// allKinds are the leading kinds: those that have an Observation of their own.
var allKinds = kindsWhere(func(k vitals.Kind) bool { return Leading(k) == k })

// kindsByCode are the leading kinds whose Observation.code is named.
func kindsByCode(tokens []token) kindSet {
	return allKinds & kindsWhere(func(k vitals.Kind) bool { return anyNamesOf(tokens, resourceCodings(k)) })
}

// partsByCode are the kinds whose component is named.
func partsByCode(tokens []token) kindSet {
	return kindsWhere(func(k vitals.Kind) bool {
		return (k.IsECG() || Leading(k) == vitals.Systolic) && anyNamesOf(tokens, codingsOf(k))
	})
}

// kindsByCategory are the leading kinds of the named categories.
func kindsByCategory(tokens []token) kindSet {
	return allKinds & kindsWhere(func(k vitals.Kind) bool {
		return anyNames(tokens, systemCategory, string(k.Info().Category))
	})
}
