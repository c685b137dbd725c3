"""One program of the original pipeline, as its records show it: no keys, no headers, its own JSON.

  peer.py ROLE BROKER PREFIX     ROLE: ticker-picker, scraper, gru-trainer, reporter

Each reads and writes exactly the original's fields, by name, and is as unforgiving as the original
about what it reads. The reporter prints what it reads, a line each.
"""

import datetime
import itertools
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer

PICKS, DATASETS, PREDICTIONS = "stock-name-selector", "stock-model-output", "stock-prediction-output"
DAY = datetime.timedelta(days=1)


def weekdays_before(day, count):
    days = (day - n * DAY for n in itertools.count(1))
    return sorted(itertools.islice((one for one in days if one.weekday() < 5), count))


def picks():
    """A name every few seconds."""
    for name in itertools.cycle(["TSLA", "AAPL", "MSFT"]):
        yield {"stock_name": name}
        time.sleep(2)


def dataset(pick):
    """Prices and scores of a stock: records, encoded a first time."""
    name = pick["stock_name"]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    rows = []
    for n, day in enumerate(weekdays_before(today, 80)):
        midnight = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
        close = 150 + len(name) + n * 0.25 + (n * 7 % 11) * 0.4
        score = 0 if n % 3 else round((n % 5 - 2) / 10, 4)
        row = {"Date": int(midnight.timestamp() * 1000), "Close": round(close, 2)}
        rows.append(row | {"Avg_sentiment_score": score, "Stock": name})
    return json.dumps(rows)


def prediction(text):
    """The last close once more, a little higher. Every cell must be there and be a number."""
    rows = json.loads(text)
    for row in rows:
        assert isinstance(row["Date"], int) and isinstance(row["Stock"], str), row
        assert isinstance(row["Close"], float) and isinstance(row["Avg_sentiment_score"], (int, float)), row
    assert rows == sorted(rows, key=lambda row: row["Date"]), "ascending by date"
    last = rows[-1]
    day = datetime.datetime.fromtimestamp(last["Date"] / 1000, datetime.timezone.utc).date()
    following = next(d for d in (day + n * DAY for n in itertools.count(1)) if d.weekday() < 5)
    return {
        "Date": str(following),
        "Prediction": round(last["Close"] * 1.001, 2),
        "Prev_date": str(day),
        "Close": last["Close"],
        "Stock Name": last["Stock"],
    }


def shown(record):
    """What the original's page shows of a prediction."""
    day = datetime.date.fromisoformat
    return {
        "stock": record["Stock Name"],
        "date": str(day(record["Date"])),
        "prediction": float(record["Prediction"]),
        "previous": str(day(record["Prev_date"])),
        "close": float(record["Close"]),
    }


def main(role, broker, prefix):
    def read(topic):
        consumer = KafkaConsumer(
            prefix + topic,
            bootstrap_servers=broker,
            group_id=f"{prefix}original-{role}",
            auto_offset_reset="earliest",
            enable_auto_commit=True,
        )
        return (json.loads(record.value) for record in consumer)

    def write(topic, messages):
        producer = KafkaProducer(bootstrap_servers=broker)
        for message in messages:
            producer.send(prefix + topic, json.dumps(message).encode()).get(timeout=30)

    if role == "ticker-picker":
        write(PICKS, picks())
    elif role == "scraper":
        write(DATASETS, map(dataset, read(PICKS)))
    elif role == "gru-trainer":
        write(PREDICTIONS, map(prediction, read(DATASETS)))
    elif role == "reporter":
        for record in read(PREDICTIONS):
            print(json.dumps(shown(record)), flush=True)
    else:
        sys.exit(f"there is no role {role}")


if __name__ == "__main__":
    main(*sys.argv[1:])
