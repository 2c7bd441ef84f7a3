-- A device that is registered to a hub is heard through that hub only; '' is any hub.
ALTER TABLE device ADD COLUMN hub text COLLATE "C" NOT NULL DEFAULT '';
