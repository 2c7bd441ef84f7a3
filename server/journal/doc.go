// Package journal is the transport between ingest and the monitors: deliveries in order, per
// partition of the patients, remembered for some hours; commands to the owner of a partition; and
// the live feed. It runs on NATS JetStream, embedded in this process or an external cluster, with
// the same subjects, the same stream and the same consumers.
//
// The journal is not the copy of record. It may lose its newest messages in a power cut, or be
// lost as a whole. What it never does is pretend that nothing happened: it has an identity, and
// whoever keeps a position keeps the identity with it and asks Resolve what the position is worth.
package journal
