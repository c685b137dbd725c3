-- The log of the first two formats, whose inner pages hold whole rows.

CREATE TABLE log (
    seq      INTEGER NOT NULL PRIMARY KEY,
    content  TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL,
    kind     TEXT GENERATED ALWAYS AS (content ->> '$.event.kind') VIRTUAL,
    pick_id  TEXT GENERATED ALWAYS AS (content ->> '$.pick_id') VIRTUAL,
    ticker   TEXT GENERATED ALWAYS AS (content ->> '$.ticker') VIRTUAL,
    session  TEXT GENERATED ALWAYS AS (content ->> '$.session') VIRTUAL,
    late     INTEGER GENERATED ALWAYS AS (content ->> '$.event.late') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_pick ON log (pick_id, kind);
CREATE INDEX log_by_session ON log (ticker, kind, session, late, pick_id);
