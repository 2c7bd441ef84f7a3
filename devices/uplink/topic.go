package uplink

import (
	"strings"

	"vigil/vitals"
)

// Channel is the part of a topic behind the hub's name.
type Channel string

// The channels of a hub.
const (
	Observations  Channel = "up/obs"
	Waves         Channel = "up/wave"
	Events        Channel = "up/evt"
	StatusChannel Channel = "status"
	Acks          Channel = "down/ack"
	Nacks         Channel = "down/nack"
	Configs       Channel = "down/cfg"
	Commands      Channel = "down/cmd"
	Results       Channel = "up/res"
)

const topicRoot = "vigil/1/"

// maxHub bounds a hub's name. It becomes part of topics and journal subjects.
const maxHub = 64

// ValidHub reports whether the name can stand in a topic: 1 to 64 letters, digits, '-' or '_'.
func ValidHub(hub vitals.HubID) bool {
	return hub != "" && len(hub) <= maxHub && !strings.ContainsFunc(string(hub), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// Up reports whether hubs publish messages on the channel.
func (c Channel) Up() bool { return c == Observations || c == Waves || c == Events }

// Channel is where the message belongs: waveforms travel apart from observations, so that a
// broker may treat them apart.
func (m Message) Channel() Channel {
	switch {
	case len(m.Batch.Waveforms) > 0:
		return Waves
	case len(m.Batch.Readings) > 0:
		return Observations
	default:
		return Events
	}
}

// UpTopic is where the hub publishes messages of the channel.
func UpTopic(hub vitals.HubID, c Channel) string { return topic(hub, c) }

// StatusTopic is where the hub publishes its Status, retained, with a last will.
func StatusTopic(hub vitals.HubID) string { return topic(hub, StatusChannel) }

// AckTopic is where the hub hears what is stored.
func AckTopic(hub vitals.HubID) string { return topic(hub, Acks) }

// NackTopic is where the hub hears what was refused.
func NackTopic(hub vitals.HubID) string { return topic(hub, Nacks) }

// ConfigTopic is where the hub hears the state that it is to be in.
func ConfigTopic(hub vitals.HubID) string { return topic(hub, Configs) }

// CommandTopic is where the hub hears what it is to do.
func CommandTopic(hub vitals.HubID) string { return topic(hub, Commands) }

// ResultTopic is where the hub says what became of a command.
func ResultTopic(hub vitals.HubID) string { return topic(hub, Results) }

func topic(hub vitals.HubID, c Channel) string { return topicRoot + string(hub) + "/" + string(c) }

// ParseTopic takes a topic apart; ok is false for a topic that is none of ours.
func ParseTopic(topic string) (hub vitals.HubID, c Channel, ok bool) {
	rest, ours := strings.CutPrefix(topic, topicRoot)
	name, channel, found := strings.Cut(rest, "/")
	hub, c = vitals.HubID(name), Channel(channel)
	if !ours || !found || !ValidHub(hub) {
		return "", "", false
	}
	switch c {
	case Observations, Waves, Events, StatusChannel, Acks, Nacks, Configs, Commands, Results:
		return hub, c, true
	default:
		return "", "", false
	}
}
