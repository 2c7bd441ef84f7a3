-- What is settled is found by its time, to be forgotten.
CREATE INDEX called_at ON called (at);
CREATE INDEX notice_made ON notice (made);
CREATE INDEX acceptance_at ON acceptance (at);
