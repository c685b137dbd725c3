-- Lists that rows name by hash, each once.

CREATE TABLE contents (
    hash    TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL
) STRICT;
