# closecall's front door: `just` prints this list. Every line runs what `.ci/run` or a reader would.

_list:
    @{{ just_executable() }} --list --unsorted

# The pipeline against a simulated market: no key, no broker, no network
run *ARGS:
    cargo run --release -- demo {{ ARGS }}

# The tests; those that need a broker, recorded data or a browser skip where there is none, and say so
test *ARGS:
    cargo test --locked --workspace {{ ARGS }}

# Everything that has to pass before a change lands: format, lints, documentation, every test
check:
    .ci/run

# What training and the way through Kafka cost, each beside its limit
bench:
    cargo run --release -- bench train
    CLOSECALL__KAFKA__BROKERS="$(scripts/kafka start)" cargo run --release -- bench bridge --records 1000

# A real broker on this machine; prints its address
kafka:
    scripts/kafka start

# The roles as pods on a real Kubernetes, killed and scaled
cluster *ARGS:
    scripts/test-kubernetes {{ ARGS }}

# The container image, without a container engine
image *ARGS:
    scripts/image {{ ARGS }}

# Every page of a demo in Chromium, with axe-core
pages:
    cargo build --locked
    CLOSECALL=target/debug/closecall scripts/check-pages

# A release archive: program, completions, licences, checksum; `--deb` a Debian package too
dist *ARGS:
    scripts/dist {{ ARGS }}

# The README's two commands on a minimal Debian
bare *ARGS:
    scripts/bare-machine {{ ARGS }}

# Known vulnerabilities, bans, licences and sources of the dependencies; with a FOLDER by its advisories alone
audit *ARGS:
    scripts/audit {{ ARGS }}
