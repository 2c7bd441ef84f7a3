-- What whoever acknowledged an alarm found it to be.
ALTER TABLE alarm ADD COLUMN ack_reason TEXT NOT NULL DEFAULT '';

-- Whom an entry is about that is of no alarm, and what is noted beside events, by kind and time.
ALTER TABLE audit ADD COLUMN patient TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_patient ON audit (patient, kind, version) WHERE patient <> '';
CREATE INDEX audit_note ON audit (kind, at) WHERE event IS NULL;

-- The chain that all nodes add to has an end from the beginning, which each of them holds while it does.
INSERT INTO audit_head (chain, seq, hash) VALUES (64, 0, x'') ON CONFLICT DO NOTHING;
