-- How far the log goes, and repeats that were counted.

CREATE TABLE head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    rows INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE tally (
    name  TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER head_advances BEFORE UPDATE ON head
    WHEN NEW.rows <> OLD.rows + 1
    BEGIN SELECT RAISE(ABORT, 'the head advances row by row'); END;
CREATE TRIGGER head_keeps BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'the head is never removed'); END;
