-- A device that is registered to a hub is heard through that hub only; '' is any hub.
ALTER TABLE device ADD COLUMN hub TEXT NOT NULL DEFAULT '';
