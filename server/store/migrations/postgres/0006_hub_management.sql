-- What hubs report of themselves and of their devices.
CREATE TABLE hub_state (
	hub      text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES hub (id),
	version  text COLLATE "C" NOT NULL,
	queue    bigint NOT NULL,
	oldest   bigint,
	clock    text COLLATE "C" NOT NULL,
	bound    bigint NOT NULL,
	config   bigint NOT NULL,
	at       bigint NOT NULL
);

CREATE TABLE device_state (
	device        text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES device (id),
	udi           text COLLATE "C" NOT NULL,
	battery       bigint,
	heard         bigint,
	link          text COLLATE "C" NOT NULL,
	hub           text COLLATE "C" NOT NULL,
	support_until text COLLATE "C" NOT NULL
);

-- What is wanted of hubs.
CREATE TABLE hub_desired (
	hub     text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES hub (id),
	version bigint NOT NULL,
	agent   text COLLATE "C" NOT NULL,
	devices text COLLATE "C" NOT NULL,
	by_name text COLLATE "C" NOT NULL,
	at      bigint NOT NULL
);

CREATE TABLE hub_command (
	id      text COLLATE "C" NOT NULL PRIMARY KEY,
	hub     text COLLATE "C" NOT NULL REFERENCES hub (id),
	what    text COLLATE "C" NOT NULL,
	by_name text COLLATE "C" NOT NULL,
	at      bigint NOT NULL,
	expires bigint NOT NULL,
	outcome text COLLATE "C" NOT NULL,
	detail  text COLLATE "C" NOT NULL,
	ended   bigint
);
CREATE INDEX hub_command_hub ON hub_command (hub, at);

CREATE TABLE campaign (
	id      text COLLATE "C" NOT NULL PRIMARY KEY,
	version text COLLATE "C" NOT NULL,
	unit    text COLLATE "C" NOT NULL,
	percent bigint NOT NULL,
	most    bigint NOT NULL,
	by_name text COLLATE "C" NOT NULL,
	started bigint NOT NULL,
	halted  boolean NOT NULL,
	reason  text COLLATE "C" NOT NULL
);

-- Which hub was told the version of a campaign, and when.
CREATE TABLE campaign_hub (
	campaign text COLLATE "C" NOT NULL REFERENCES campaign (id),
	hub      text COLLATE "C" NOT NULL REFERENCES hub (id),
	at       bigint NOT NULL,
	PRIMARY KEY (campaign, hub)
);

-- What all nodes of the installation share, such as the key that signs what is wanted of hubs.
CREATE TABLE installation (
	name  text COLLATE "C" NOT NULL PRIMARY KEY,
	value bytea NOT NULL
);
