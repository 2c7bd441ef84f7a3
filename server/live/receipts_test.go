package live_test

import (
	"slices"
	"testing"
	"time"

	"vigil/alerts"
)

func (h *house) note(notes ...alerts.Note) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, notes...)
}

// noted waits until so many notes were taken, and returns them as words.
func (s *scene) noted(t *testing.T, n int) (words []string) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		s.house.mu.Lock()
		notes := slices.Clone(s.house.notes)
		s.house.mu.Unlock()
		if len(notes) >= n {
			for _, note := range notes {
				if note.Unit != "west" || note.Station != "desk" || note.Actor != "s1" || !note.At.Equal(noon) {
					t.Fatalf("note %+v is not of this station", note)
				}
				words = append(words, string(note.Kind)+" "+note.Detail+string(note.Alarm)+string(rune('0'+note.Version)))
			}
			return words
		}
		if time.Now().After(end) {
			t.Fatalf("notes %+v, want %d", notes, n)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWhatAScreenShowedAndSoundedIsNotedOncePerVersion(t *testing.T) {
	s := open(t)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	st, _ := s.join(t, "west")
	confirm := func(seq int, audio string, ids ...alerts.AlarmID) {
		st.say(map[string]any{"t": "cred", "seq": seq, "visible": true, "audio": audio, "rendered": ids, "sounded": ids})
	}
	confirm(0, "running", "01A")          // before the snapshot was taken it can have shown nothing
	confirm(1, "running", "01A", "01B")   // nobody told it of another alarm
	confirm(1, "running", "01A")          // again
	confirm(1, "suspended")               // somebody muted it
	confirm(1, "who knows what they say") // and it said something else
	s.noted(t, 5)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(2, alerts.ActiveUnack)})
	f := st.until("ev:alarm")
	confirm(int(f.Seq)-1, "who knows", "01A") // it still speaks of the version before
	confirm(int(f.Seq), "running", "01A")
	s.noted(t, 8)
	_ = st.conn.Close()
	want := []string{
		"station_audio running0", "rendered 01A1", "sounded 01A1", "station_audio suspended0", "station_audio unknown0",
		"rendered 01A2", "sounded 01A2", "station_audio running0", "station_audio gone0",
	}
	if got := s.noted(t, len(want)); !slices.Equal(got, want) {
		t.Fatalf("noted %q, want %q", got, want)
	}
}
