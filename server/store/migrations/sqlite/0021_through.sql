-- When something of the stream was stored last: of several hubs a device is heard through the one with the newest.
ALTER TABLE progress ADD COLUMN heard INTEGER;
CREATE INDEX progress_device ON progress (device);
