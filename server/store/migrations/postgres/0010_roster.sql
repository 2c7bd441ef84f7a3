-- Who is put on which duty from when on, until the next row of the same duty begins.
CREATE TABLE post (
	unit    text COLLATE "C" NOT NULL REFERENCES unit (id),
	patient text COLLATE "C" NOT NULL, -- '' for a duty of the whole unit
	duty    text COLLATE "C" NOT NULL,
	from_at bigint NOT NULL,
	staff   text COLLATE "C" NOT NULL, -- '' for nobody
	by_id   text COLLATE "C" NOT NULL,
	decided bigint NOT NULL,
	PRIMARY KEY (unit, patient, duty, from_at)
);

-- Who said that they take an alarm over that was open when their duty began.
CREATE TABLE acceptance (
	alarm text COLLATE "C" NOT NULL,
	staff text COLLATE "C" NOT NULL,
	at    bigint NOT NULL,
	PRIMARY KEY (alarm, staff)
);

-- How the alarms of a unit escalate. The newest version that was approved is in force.
CREATE TABLE escalation_policy (
	unit          text COLLATE "C" NOT NULL REFERENCES unit (id),
	version       bigint NOT NULL,
	policy        text NOT NULL,
	author        text COLLATE "C" NOT NULL,
	author_name   text NOT NULL,
	at            bigint NOT NULL,
	reason        text NOT NULL,
	approved      text COLLATE "C" NOT NULL, -- '' while nobody has
	approved_name text NOT NULL,
	approved_at   bigint,
	PRIMARY KEY (unit, version)
);
