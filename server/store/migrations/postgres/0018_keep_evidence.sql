-- What alarms rest on is sealed in the audit, and never taken away.
CREATE FUNCTION keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'evidence is never changed or deleted'; END $$;
CREATE TRIGGER evidence_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence
FOR EACH STATEMENT EXECUTE FUNCTION keep_evidence();
CREATE TRIGGER evidence_wave_hold BEFORE DELETE OR TRUNCATE ON evidence_wave
FOR EACH STATEMENT EXECUTE FUNCTION keep_evidence();
