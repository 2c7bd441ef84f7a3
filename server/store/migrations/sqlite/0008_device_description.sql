-- What devices say of themselves, and when that was read.
ALTER TABLE device_state ADD COLUMN udi_identifier TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN udi_issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN udi_authority TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN hardware TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN software TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN system_id TEXT NOT NULL DEFAULT '';
ALTER TABLE device_state ADD COLUMN described INTEGER;
