//! The schema of the store, as the steps that brought it there.

/// Each step brings a store of the version before to the next; `user_version` counts them.
pub(super) const MIGRATIONS: [&str; 7] = [
    "
    CREATE TABLE source (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT;
    CREATE TABLE bars (
        ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
        adj_close REAL NOT NULL, volume REAL NOT NULL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE articles (
        ticker TEXT NOT NULL, published INTEGER NOT NULL, identity TEXT NOT NULL,
        title TEXT NOT NULL, summary TEXT, url TEXT, publisher TEXT,
        relevance REAL, vendor_score REAL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (ticker, published, identity)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE news_windows (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
",
    // Only the close of a bar has to be known. What was asked before this version is asked again.
    "
    CREATE TABLE known_bars (
        ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL, high REAL, low REAL, close REAL NOT NULL, adj_close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO known_bars SELECT * FROM bars;
    DROP TABLE bars;
    ALTER TABLE known_bars RENAME TO bars;
    CREATE TABLE splits (
        ticker TEXT NOT NULL, date TEXT NOT NULL, ratio REAL NOT NULL,
        PRIMARY KEY (ticker, date)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE repairs (
        ticker TEXT NOT NULL, session TEXT NOT NULL, field TEXT NOT NULL, rule TEXT NOT NULL,
        factor REAL NOT NULL,
        PRIMARY KEY (ticker, session, field, rule)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE intraday_bars (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, minutes INTEGER NOT NULL,
        open REAL, high REAL, low REAL, close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chart_windows (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chart_questions (
        ticker TEXT NOT NULL, session TEXT NOT NULL, asked INTEGER NOT NULL,
        asked_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE unknown_tickers (ticker TEXT PRIMARY KEY, at INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE breakers (
        vendor TEXT NOT NULL, host TEXT NOT NULL, faults INTEGER NOT NULL,
        openings INTEGER NOT NULL, open_until INTEGER,
        PRIMARY KEY (vendor, host)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quotas (
        vendor TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, spent INTEGER NOT NULL,
        PRIMARY KEY (vendor, day)
    ) STRICT, WITHOUT ROWID;
",
    // A headline is scored once; sums stand for articles until one of these changes.
    "
    ALTER TABLE articles ADD COLUMN score INTEGER;
    ALTER TABLE articles ADD COLUMN scorer TEXT;
    CREATE INDEX articles_by_identity ON articles (ticker, identity);
    CREATE TABLE news_sums (
        ticker TEXT NOT NULL, until INTEGER NOT NULL, after INTEGER NOT NULL,
        scorer TEXT NOT NULL, articles INTEGER NOT NULL, titles INTEGER NOT NULL,
        score INTEGER NOT NULL,
        PRIMARY KEY (ticker, until, after)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE news_revisions (ticker TEXT PRIMARY KEY, revision INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TRIGGER articles_added AFTER INSERT ON articles BEGIN
        DELETE FROM news_sums WHERE ticker = NEW.ticker AND (until, after) IN (
            SELECT sums.until, sums.after FROM articles copy JOIN news_sums sums
            ON sums.ticker = copy.ticker
                AND sums.until >= copy.published AND sums.after < copy.published
            WHERE copy.ticker = NEW.ticker AND copy.identity = NEW.identity);
        INSERT OR IGNORE INTO news_revisions VALUES (NEW.ticker, 0);
        UPDATE news_revisions SET revision = revision + 1 WHERE ticker = NEW.ticker;
    END;
",
    // Prices belong to a provider, breakers to a family of endpoints. Until this version there was
    // one of each.
    "
    CREATE TABLE provider_bars (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL, high REAL, low REAL, close REAL NOT NULL, adj_close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_bars SELECT 'yahoo', * FROM bars;
    DROP TABLE bars;
    ALTER TABLE provider_bars RENAME TO bars;
    CREATE TABLE provider_splits (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, date TEXT NOT NULL, ratio REAL NOT NULL,
        PRIMARY KEY (provider, ticker, date)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_splits SELECT 'yahoo', * FROM splits;
    DROP TABLE splits;
    ALTER TABLE provider_splits RENAME TO splits;
    CREATE TABLE provider_repairs (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL, field TEXT NOT NULL,
        rule TEXT NOT NULL, factor REAL NOT NULL,
        PRIMARY KEY (provider, ticker, session, field, rule)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_repairs SELECT 'yahoo', * FROM repairs;
    DROP TABLE repairs;
    ALTER TABLE provider_repairs RENAME TO repairs;
    CREATE TABLE provider_intraday_bars (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, start INTEGER NOT NULL,
        minutes INTEGER NOT NULL,
        open REAL, high REAL, low REAL, close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, start)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_intraday_bars SELECT 'yahoo', * FROM intraday_bars;
    DROP TABLE intraday_bars;
    ALTER TABLE provider_intraday_bars RENAME TO intraday_bars;
    CREATE TABLE coverage (
        provider TEXT NOT NULL, kind TEXT NOT NULL, ticker TEXT NOT NULL,
        start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (provider, kind, ticker, start)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO coverage SELECT 'yahoo', 'bars', * FROM chart_windows;
    INSERT INTO coverage SELECT 'alphavantage', 'news', * FROM news_windows;
    DROP TABLE chart_windows;
    DROP TABLE news_windows;
    CREATE TABLE bar_questions (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL,
        asked INTEGER NOT NULL, asked_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO bar_questions SELECT 'yahoo', * FROM chart_questions;
    DROP TABLE chart_questions;
    CREATE TABLE provider_unknown_tickers (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_unknown_tickers SELECT 'yahoo', * FROM unknown_tickers;
    DROP TABLE unknown_tickers;
    ALTER TABLE provider_unknown_tickers RENAME TO unknown_tickers;
    CREATE TABLE family_breakers (
        vendor TEXT NOT NULL, family TEXT NOT NULL, host TEXT NOT NULL, faults INTEGER NOT NULL,
        openings INTEGER NOT NULL, open_until INTEGER,
        PRIMARY KEY (vendor, family, host)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO family_breakers
        SELECT vendor, CASE vendor WHEN 'yahoo' THEN 'chart' ELSE 'news' END,
            host, faults, openings, open_until
        FROM breakers;
    DROP TABLE breakers;
    ALTER TABLE family_breakers RENAME TO breakers;
",
    // Whose prices a ticker's newest forecast rested on, and when its news were last asked for.
    "
    CREATE TABLE served (ticker TEXT PRIMARY KEY, provider TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE news_questions (ticker TEXT PRIMARY KEY, answered_at INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
",
    // What a bar was before it changed, and of what each gather was made.
    "
    ALTER TABLE bars ADD COLUMN first_seen INTEGER NOT NULL DEFAULT 0;
    UPDATE bars SET first_seen = fetched_at;
    ALTER TABLE splits ADD COLUMN first_seen INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE bar_vintages (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL, high REAL, low REAL, close REAL NOT NULL, adj_close REAL, volume REAL,
        first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, replaced_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX bar_vintages_by_session ON bar_vintages (provider, ticker, session);
    CREATE TRIGGER bars_revised
        AFTER UPDATE OF open, high, low, close, adj_close, volume ON bars
        WHEN OLD.open IS NOT NEW.open OR OLD.high IS NOT NEW.high OR OLD.low IS NOT NEW.low
            OR OLD.close IS NOT NEW.close OR OLD.adj_close IS NOT NEW.adj_close
            OR OLD.volume IS NOT NEW.volume
        BEGIN
            INSERT INTO bar_vintages (provider, ticker, session, open, high, low, close, adj_close,
                volume, first_seen, last_seen, replaced_at)
            VALUES (OLD.provider, OLD.ticker, OLD.session, OLD.open, OLD.high, OLD.low, OLD.close,
                OLD.adj_close, OLD.volume, OLD.first_seen, OLD.fetched_at, NEW.first_seen);
        END;
    CREATE TABLE gathers (
        pick_id TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
];
