-- How people can be reached who do not look at a screen.
CREATE TABLE contact (
	id      text COLLATE "C" NOT NULL PRIMARY KEY,
	staff   text COLLATE "C" NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	channel text COLLATE "C" NOT NULL,
	address text NOT NULL,
	key     text NOT NULL,
	auth    text NOT NULL,
	added   bigint NOT NULL
);
CREATE INDEX contact_staff ON contact (staff);

-- Steps of escalations that were called. Each is called once.
CREATE TABLE called (
	alarm   text COLLATE "C" NOT NULL,
	epoch   bigint NOT NULL, -- version of the alarm that asked
	step    bigint NOT NULL,
	round   bigint NOT NULL,
	part    bigint NOT NULL,
	at      bigint NOT NULL,
	staff   text COLLATE "C" NOT NULL, -- JSON: who was called
	PRIMARY KEY (alarm, epoch, step, round)
);

-- What goes out by them.
CREATE TABLE notice (
	id       text COLLATE "C" NOT NULL PRIMARY KEY,
	alarm    text COLLATE "C" NOT NULL,
	epoch    bigint NOT NULL,
	step     bigint NOT NULL,
	round    bigint NOT NULL,
	patient  text COLLATE "C" NOT NULL,
	part     bigint NOT NULL,
	contact  text COLLATE "C" NOT NULL,
	staff    text COLLATE "C" NOT NULL,
	channel  text COLLATE "C" NOT NULL,
	address  text NOT NULL,
	key      text NOT NULL,
	auth     text NOT NULL,
	priority text COLLATE "C" NOT NULL,
	text     text NOT NULL,
	state    text COLLATE "C" NOT NULL,
	attempts bigint NOT NULL,
	next_at  bigint NOT NULL,
	made     bigint NOT NULL,
	settled  bigint,
	fault    text NOT NULL,
	seen     bigint,
	declined bigint
);
CREATE INDEX notice_waiting ON notice (part) WHERE state = 'waiting';
CREATE INDEX notice_alarm ON notice (alarm);
