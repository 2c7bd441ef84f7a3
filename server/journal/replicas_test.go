package journal_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/samber/lo"

	"vigil/server/journal"
	"vigil/server/porttest"
)

// elections take seconds by the server's own constants.
const elections = 40 * time.Second

// cluster starts three servers that keep copies for each other, as compose.yaml does.
func cluster(t *testing.T) ([]*server.Server, string) {
	t.Helper()
	ports := lo.Times(3, func(int) int { return int(porttest.New(t).Port()) })
	routes := lo.Map(ports, func(port, _ int) *url.URL {
		return &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	})
	servers := lo.Map(ports, func(port, i int) *server.Server {
		ns, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("nats-%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
			Cluster: server.ClusterOpts{Name: "vigil", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		ns.Start()
		t.Cleanup(func() { stopServer(ns) })
		return ns
	})
	within(t, "the servers to find each other", func() bool {
		return lo.EveryBy(servers, func(ns *server.Server) bool { return ns.ReadyForConnections(time.Second) && ns.JetStreamIsCurrent() }) &&
			lo.SomeBy(servers, func(ns *server.Server) bool { return ns.JetStreamIsLeader() })
	})
	return servers, strings.Join(lo.Map(servers, func(ns *server.Server, _ int) string { return ns.ClientURL() }), ",")
}

func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(elections); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", elections, what)
		}
	}
}

func TestAClusterOfThreeLosesAServerAndNoMessage(t *testing.T) {
	servers, urls := cluster(t)
	var j *journal.Journal
	within(t, "the stream", func() bool {
		var err error
		j, err = journal.Open(t.Context(), journal.Config{URL: urls, PublishTimeout: 2 * time.Second})
		return err == nil
	})
	t.Cleanup(func() { _ = j.Close() })

	publish(t, j, delivery(ann, 1), delivery(ann, 2))
	leader, found := lo.Find(servers, func(ns *server.Server) bool { return ns.JetStreamIsStreamLeader("$G", "IN") })
	if !found {
		t.Fatal("the stream has no leader")
	}
	stopServer(leader)

	// Publishing fails until there is a new leader; the sender keeps the message and sends it again.
	within(t, "a new leader to take a message", func() bool { return j.Publish(t.Context(), delivery(ann, 3)) == nil })
	state, err := j.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if state.Messages < 3 {
		t.Errorf("%d messages are left of 3", state.Messages)
	}
}
