-- What an engine has to be told of a patient's trends when it starts anew: the medians of the hours of a week and of
-- the last hours, as the engine packs them.
CREATE TABLE trend (
	patient text COLLATE "C" NOT NULL PRIMARY KEY,
	at      bigint NOT NULL,
	data    bytea NOT NULL
);
