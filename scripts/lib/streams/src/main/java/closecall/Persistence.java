package closecall;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Reads datasets and writes persistence forecasts, at least once: what GruTrainer does with
 * {@code forecast.model=persistence}. A record is decoded as far, checked, and answered with the same
 * fields; an unreadable one goes to the dead-letter topic.
 */
public final class Persistence {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int HISTORY = 60;

  public static void main(String[] args) throws InterruptedException {
    if (args.length != 4) {
      System.err.println("usage: Persistence BROKERS TOPIC_PREFIX GROUP THREADS");
      System.exit(64);
    }
    Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[3]);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    // As often as the bridge commits.
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 20);
    properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    properties.put(StreamsConfig.producerPrefix("acks"), "all");
    properties.put(StreamsConfig.producerPrefix("compression.type"), "gzip");

    StreamsBuilder builder = new StreamsBuilder();
    var answers =
        builder.stream(
                args[1] + "stock-model-output", Consumed.with(Serdes.String(), Serdes.String()))
            .mapValues(Persistence::answer)
            .split();
    Produced<String, Answer> produced =
        Produced.with(
            Serdes.String(),
            Serdes.serdeFrom(
                (topic, answer) -> Serdes.String().serializer().serialize(topic, answer.text()),
                (topic, bytes) -> null));
    answers.branch(
        (key, answer) -> answer.readable(),
        Branched.withConsumer(
            good -> good.to(args[1] + "stock-prediction-output", produced)));
    answers.branch(
        (key, answer) -> !answer.readable(),
        Branched.withConsumer(
            bad -> bad.to(args[1] + "stock-model-output-dlt", produced)));

    KafkaStreams streams = new KafkaStreams(builder.build(), properties);
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close();
                  ended.countDown();
                }));
    streams.start();
    ended.await();
  }

  /** A forecast, or the record as it came. */
  private record Answer(boolean readable, String text) {}

  private static Answer answer(String dataset) {
    try {
      return new Answer(true, forecast(dataset));
    } catch (JsonProcessingException | IllegalArgumentException error) {
      return new Answer(false, dataset);
    }
  }

  private static String forecast(String dataset) throws JsonProcessingException {
    JsonNode outer = JSON.readTree(dataset);
    JsonNode rows = outer.isTextual() ? JSON.readTree(outer.textValue()) : outer;
    if (!rows.isArray() || rows.size() < 2) {
      throw new IllegalArgumentException("no rows");
    }
    String ticker = rows.get(0).path("Stock").asText();
    if (!ticker.matches("[A-Z0-9][A-Z0-9.\\-]{0,9}")) {
      throw new IllegalArgumentException("no ticker");
    }
    LocalDate[] dates = new LocalDate[rows.size()];
    double[] closes = new double[rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      JsonNode row = rows.get(i);
      closes[i] = row.path("Close").asDouble(Double.NaN);
      double sentiment = row.path("Avg_sentiment_score").asDouble(0);
      dates[i] = Instant.ofEpochMilli(row.path("Date").asLong()).atZone(ZoneOffset.UTC).toLocalDate();
      boolean good = closes[i] > 0 && Double.isFinite(closes[i]) && Math.abs(sentiment) <= 1;
      if (!good || !ticker.equals(row.path("Stock").asText()) || i > 0 && !dates[i].isAfter(dates[i - 1])) {
        throw new IllegalArgumentException("row " + i);
      }
    }
    double[] moves = new double[closes.length - 1];
    for (int i = 0; i < moves.length; i++) {
      moves[i] = Math.abs(Math.log(closes[i + 1] / closes[i]));
    }
    Arrays.sort(moves);
    int last = closes.length - 1;
    ObjectNode out = JSON.createObjectNode();
    out.put("Date", dates[last].plusDays(1).toString());
    out.put("Prediction", cents(closes[last]));
    out.put("Prev_date", dates[last].toString());
    out.put("Close", cents(closes[last]));
    out.put("Stock Name", ticker);
    ArrayNode intervals = out.putArray("intervals");
    for (double level : new double[] {0.8, 0.9}) {
      double move = moves[(int) Math.min(moves.length - 1, Math.ceil(level * moves.length))];
      ObjectNode interval = intervals.addObject();
      interval.put("level", level);
      interval.put("lower", cents(closes[last] * Math.exp(-move)));
      interval.put("upper", cents(closes[last] * Math.exp(move)));
    }
    ArrayNode history = out.putArray("history");
    for (int i = Math.max(0, closes.length - HISTORY); i <= last; i++) {
      history.addArray().add(dates[i].toString()).add(cents(closes[i]));
    }
    return JSON.writeValueAsString(out);
  }

  private static double cents(double price) {
    return Math.round(price * 100) / 100.0;
  }
}
