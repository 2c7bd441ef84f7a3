package model_test

import (
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals/ecg/model"
)

// told is a change of opinion, in seconds.
type told struct{ since, known int64 }

// listen gives a score every five seconds, for as long as each lasts, in logits.
func listen(c *model.CUSUM, phases ...struct{ logit, seconds int64 }) (changes []told) {
	at := int64(0)
	for _, p := range phases {
		for until := at + p.seconds; at < until; at += 5 {
			if since, changed := c.Push(at*1000, int32(p.logit*model.Scale)); changed {
				changes = append(changes, told{since / 1000, at})
			}
		}
	}
	return changes
}

func TestAnOpinionChangesWithEnoughEvidence(t *testing.T) {
	type phase = struct{ logit, seconds int64 }
	for _, row := range []struct {
		story  string
		phases []phase
		want   []told
	}{
		{"clear scores begin and end it after half a minute, dated back", []phase{{-5, 100}, {5, 100}, {-5, 100}}, []told{{100, 130}, {200, 230}}},
		{"twenty clear seconds are too few", []phase{{-5, 100}, {5, 20}, {-5, 100}}, nil},
		{"weak scores take longer", []phase{{-5, 100}, {1, 300}}, []told{{100, 260}}},
		{"a doubt in between takes evidence back and keeps the date", []phase{{-5, 100}, {5, 20}, {-1, 10}, {5, 60}}, []told{{100, 145}}},
		{"scores that say neither keep what stands", []phase{{5, 100}, {0, 1000}}, []told{{0, 30}}},
	} {
		var c model.CUSUM
		got := listen(&c, row.phases...)
		if len(got) != len(row.want) {
			t.Errorf("%s: changes %v, want %v", row.story, got, row.want)
			continue
		}
		for i := range got {
			if got[i] != row.want[i] {
				t.Errorf("%s: change %v, want %v", row.story, got[i], row.want[i])
			}
		}
	}
}

func TestWhatIsForgottenCountsNoMore(t *testing.T) {
	var c model.CUSUM
	listen(&c, struct{ logit, seconds int64 }{5, 25})
	c.Forget()
	if _, changed := c.Push(30_000, 5*model.Scale); changed || c.Stands {
		t.Error("evidence from before the interruption changed the opinion")
	}
}

func TestChangesAlternateAndAreDatedInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c model.CUSUM
		at, last := int64(0), int64(-1)
		for range 300 {
			at += rapid.Int64Range(1, 20_000).Draw(t, "step")
			stood := c.Stands
			since, changed := c.Push(at, int32(rapid.IntRange(-6, 6).Draw(t, "logit"))*model.Scale)
			if changed != (stood != c.Stands) || changed && (since <= last || since > at) {
				t.Fatalf("change %v since %d at %d behind one since %d, from %v to %v", changed, since, at, last, stood, c.Stands)
			}
			if changed {
				last = since
			}
		}
	})
}
