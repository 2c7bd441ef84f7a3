-- Other people's gateways and clouds, and the accounts that are fetched from there.
CREATE TABLE gateway (
	id            text COLLATE "C" NOT NULL PRIMARY KEY,
	kind          text COLLATE "C" NOT NULL,
	name          text NOT NULL,
	secret_hash   bytea NOT NULL,
	address       text NOT NULL,
	client        text NOT NULL,
	client_secret text NOT NULL,
	seen          bigint
);
CREATE TABLE account (
	gateway text COLLATE "C" NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	name    text COLLATE "C" NOT NULL,
	refresh text NOT NULL,
	access  text NOT NULL,
	expires bigint,
	fetched bigint,
	fault   text NOT NULL,
	PRIMARY KEY (gateway, name)
);
