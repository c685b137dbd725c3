-- What an append-only log does not know.

CREATE TRIGGER log_appends BEFORE INSERT ON log
    WHEN NEW.seq <> (SELECT rows + 1 FROM head)
    BEGIN SELECT RAISE(ABORT, 'rows are only appended'); END;
CREATE TRIGGER log_keeps BEFORE DELETE ON log
    BEGIN SELECT RAISE(ABORT, 'rows are never removed'); END;
CREATE TRIGGER log_stays BEFORE UPDATE ON log
    BEGIN SELECT RAISE(ABORT, 'rows are never changed'); END;
