package journal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/server/journal"
	"vigil/vitals"
)

// moments are times as Vigil has them: UTC, to the microsecond, or unknown.
func moments() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "unknown") {
			return time.Time{}
		}
		return time.UnixMicro(rapid.Int64Range(-1<<50, 1<<52).Draw(t, "us")).UTC()
	})
}

func decimals() *rapid.Generator[vitals.Decimal] {
	return rapid.Custom(func(t *rapid.T) vitals.Decimal {
		return vitals.NewDecimal(rapid.Int64().Draw(t, "mantissa"), rapid.Int8().Draw(t, "exp"))
	})
}

func kinds() *rapid.Generator[vitals.Kind] { return rapid.SampledFrom(vitals.Kinds()) }

func deliveries() *rapid.Generator[vitals.Delivery] {
	reading := rapid.Custom(func(t *rapid.T) vitals.Reading {
		return vitals.Reading{
			Kind: kinds().Draw(t, "kind"), Time: moments().Draw(t, "time"), Value: decimals().Draw(t, "value"),
			Absent:     rapid.SampledFrom([]vitals.Absence{vitals.Present, vitals.NotANumber}).Draw(t, "absent"),
			Quality:    rapid.SampledFrom([]vitals.Quality{vitals.Good, vitals.Questionable}).Draw(t, "quality"),
			DeviceTime: moments().Draw(t, "device time"), TimeQuality: vitals.TimeQuality(rapid.IntRange(0, 3).Draw(t, "tq")),
		}
	})
	wave := rapid.Custom(func(t *rapid.T) vitals.Waveform {
		return vitals.Waveform{
			Kind: kinds().Draw(t, "kind"), Start: moments().Draw(t, "start"),
			Rate:  vitals.Rate{Num: rapid.Uint32Min(1).Draw(t, "num"), Den: rapid.Uint32Min(1).Draw(t, "den")},
			Scale: decimals().Draw(t, "scale"), First: rapid.Uint64().Draw(t, "first"),
			Samples: rapid.SliceOfN(rapid.Int16(), 1, 50).Draw(t, "samples"),
		}
	})
	event := rapid.Custom(func(t *rapid.T) vitals.Event {
		return vitals.Event{
			Code: rapid.SampledFrom(vitals.EventCodes).Draw(t, "code"), Time: moments().Draw(t, "time"),
			Value: decimals().Draw(t, "value"), Detail: rapid.String().Draw(t, "detail"),
		}
	})
	return rapid.Custom(func(t *rapid.T) vitals.Delivery {
		return vitals.Delivery{
			Patient: vitals.PatientID(rapid.StringN(1, 20, -1).Draw(t, "patient")),
			Stream:  vitals.Stream{Hub: "h", Device: "d", Epoch: rapid.Uint32().Draw(t, "epoch")},
			Seq:     rapid.Uint64().Draw(t, "seq"), Received: moments().Draw(t, "received"),
			Batch: vitals.Batch{
				Device:    "a09e1a000001",
				Readings:  none(rapid.SliceOfN(reading, 0, 5).Draw(t, "readings")),
				Waveforms: none(rapid.SliceOfN(wave, 0, 3).Draw(t, "waves")),
				Events:    none(rapid.SliceOfN(event, 0, 3).Draw(t, "events")),
			},
		}
	})
}

// none makes an empty list nil, as the wire does.
func none[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func TestADeliveryComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := deliveries().Draw(t, "delivery")
		data, err := journal.EncodeDelivery(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := journal.DecodeDelivery(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhatIsNotADeliveryIsRefused(t *testing.T) {
	good, err := journal.EncodeDelivery(delivery(ann, 1))
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := journal.EncodeDelivery(delivery("", 1))
	if err != nil {
		t.Fatal(err)
	}
	stories := map[string][]byte{
		"nothing":             nil,
		"something behind it": append(append([]byte{}, good...), 0),
		"cut short":           good[:len(good)-1],
		"another version":     []byte(strings.Replace(string(good), string(good[:2]), string(good[:1])+"\x02", 1)),
		"no patient":          nobody,
		"a kind nobody knows": []byte(strings.Replace(string(good), "heart_rate", "heart_ratf", 1)),
		"a map":               {0xa0},
		"an endless list":     {0x9f, 0xff},
	}
	for story, data := range stories {
		t.Run(story, func(t *testing.T) {
			if d, err := journal.DecodeDelivery(data); !errors.Is(err, journal.ErrMalformed) {
				t.Errorf("%v, %v", d, err)
			}
		})
	}
}

func FuzzDecodeDelivery(f *testing.F) {
	good, err := journal.EncodeDelivery(delivery(ann, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x9f, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := journal.DecodeDelivery(data)
		if err != nil {
			if !errors.Is(err, journal.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := journal.EncodeDelivery(d)
		if err != nil {
			t.Fatal(err)
		}
		same, err := journal.DecodeDelivery(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, same); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEveryPatientHasASubjectOfTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-~_a-z0-9. *>]{0,6}`))
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		one, other := journal.Token(vitals.PatientID(a)), journal.Token(vitals.PatientID(b))
		if (a == b) != (one == other) {
			t.Fatalf("%q is %q and %q is %q", a, one, b, other)
		}
		if one == "" || strings.ContainsAny(one, ". *>\t\r\n\x00") {
			t.Fatalf("%q is not a token", one)
		}
	})
}

func TestTheIdentityRemembersWhatItDescendsFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := journal.NewIdentity()
		type generation struct {
			name  string
			reach uint64 // how many of its messages are still here
		}
		var past []generation
		for range rapid.IntRange(0, 12).Draw(t, "forks") {
			cut := rapid.Uint64Max(100).Draw(t, "cut")
			past = append(past, generation{i.Name(), cut})
			for n := range past {
				past[n].reach = min(past[n].reach, cut)
			}
			i = i.Fork(cut).Reread()
		}
		position := rapid.Uint64Max(200).Draw(t, "position")
		for _, g := range past {
			if got := i.Resolve(g.name, position); got != min(position, g.reach) {
				t.Fatalf("position %d of %v reaches %d", position, g, got)
			}
		}
		if i.Resolve(i.Name(), position) != position || i.Resolve("unknown", position) != 0 {
			t.Fatal("own or unknown identity")
		}
	})
}
