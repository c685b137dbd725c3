-- The log. Rows are appended at the end of the tree, whose inner pages hold numbers only.

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
) STRICT;
-- Identities are random, so each lands on a page of its own: the shorter the entries, the fewer pages.
CREATE INDEX log_by_pick ON log (substr(pick_id, 1, 8));
CREATE INDEX log_by_ticker ON log (ticker) WHERE kind <> 'score';
