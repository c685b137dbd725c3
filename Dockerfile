# syntax=docker/dockerfile:1
# The image of every role. Build: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t localhost/closecall:0.2.0 .
# Without an engine: scripts/image makes the same final stage.

# The builder's glibc must be no newer than the base's: both are Debian 12.
ARG BUILDER=docker.io/library/rust:1.95-bookworm
# Small, with glibc and certificates, without a shell, and not root.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /src
# Sources and what cargo has built stay in caches between builds, so that only what changed is compiled again.
# Perl and make, which OpenSSL is built with, are in the builder.
COPY . .
ARG COMMIT=unknown
ENV CLOSECALL_COMMIT=${COMMIT}
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --features kafka-ssl,kafka-zstd --bin closecall \
    && install -D target/release/closecall /out/closecall \
    && install -d /out/data

FROM ${BASE}
ARG VERSION=0.2.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="closecall" \
      org.opencontainers.image.description="Forecasts today's closing price of a stock, says how sure it is, and keeps score." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/closecall /usr/local/bin/closecall
# One arena of glibc in place of one a thread: a fifth less memory (README, "A pick").
ENV MALLOC_ARENA_MAX=1
# A volume that is mounted here takes over its owner.
COPY --from=build --chown=65532:65532 --chmod=750 /out/data /var/lib/closecall
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/closecall/
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/closecall"]
CMD ["--help"]
