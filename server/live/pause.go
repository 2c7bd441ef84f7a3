package live

import (
	"fmt"
	"time"

	"vigil/alerts"
)

// pause silences the station's sound for a moment. It belongs to the connection: a screen that comes back sounds,
// and so does every other one of the station. What is silent is what the screen knew of when it is told.
func (v *viewer) pause(r request) result {
	lasts := time.Duration(r.Seconds) * time.Second
	switch {
	case !alerts.May(v.staff.Role, alerts.PauseAudio, alerts.Physiological, false):
		return refuse(r, "forbidden", fmt.Sprintf("a %s may not do this", v.staff.Role))
	case lasts > alerts.MostPause:
		return refuse(r, string(alerts.Unfit), fmt.Sprintf("an audio pause lasts up to %d s", int(alerts.MostPause.Seconds())))
	}
	var paused *alerts.DecidedView
	if now := v.feed.now(); lasts > 0 {
		paused = &alerts.DecidedView{Since: now, Until: now.Add(lasts), By: v.staff.Name}
	}
	v.paused.Store(paused)
	v.note(alerts.StationPaused, "", 0, lasts.String())
	v.tellPause()
	return result{Command: r.Command, OK: true}
}

// pausedNow is the pause of the station's sound that is in force; nil: none.
func (v *viewer) pausedNow() *alerts.DecidedView {
	if p := v.paused.Load(); p != nil && lasts(*p, v.feed.now()) {
		return p
	}
	return nil
}

// endPause withdraws a pause behind which the clock was set back: by its clock the screen would be silent for as much
// longer as that was. Of any other the screen sees by itself that it is over.
func (v *viewer) endPause() {
	p, now := v.paused.Load(), v.feed.now()
	if p != nil && now.Round(0).Before(p.Until) && !lasts(*p, now) && v.paused.CompareAndSwap(p, nil) {
		v.tellPause()
	}
}

// tellPause queues that the station's sound was paused, or is no longer. Which it is, is seen when the event is
// written: the pause that holds is told last, whoever was faster.
func (v *viewer) tellPause() { v.out.urgent(event{Kind: "station", Station: &stationView{}}) }

// lasts reports whether the pause is in force both by what has passed in this process, which no clock that is set
// changes, and by what the clock shows.
func lasts(p alerts.DecidedView, now time.Time) bool {
	d := alerts.Decided{Since: p.Since, Until: p.Until}
	return d.Lasts(now) && d.Lasts(now.Round(0))
}
