-- How far the clock was ahead by which the waveforms of the alarm are charted, in microseconds.
ALTER TABLE evidence_due ADD COLUMN ahead BIGINT NOT NULL DEFAULT 0;
