-- The lists of the second format.

CREATE TABLE contents (
    hash    TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
