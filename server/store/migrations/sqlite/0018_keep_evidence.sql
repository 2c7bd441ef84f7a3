-- What alarms rest on is sealed in the audit, and never taken away.
CREATE TRIGGER evidence_keep BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;
CREATE TRIGGER evidence_hold BEFORE DELETE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END;
CREATE TRIGGER evidence_wave_hold BEFORE DELETE ON evidence_wave
BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END;
