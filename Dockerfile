# The suite, its slices and the sandbox in one small image.
#
#   docker build -t dermaga .
#   docker run --rm -p 8000:8000 -e DERMAGA_PROFILE=demo dermaga        # to look at it
#   docker compose up                                                   # in earnest, see compose.yaml
#
# Needs BuildKit, which Docker has used on its own since version 23.

FROM rust:1.95-bookworm AS builder
WORKDIR /src
COPY . .
# The caches survive between builds; what is kept of a build has to be copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p dermaga -p dermaga-wallet -p dermaga-travel -p dermaga-shop -p dermaga-events -p dermaga-sandbox \
    && mkdir /out \
    && for host in dermaga dermaga-wallet dermaga-travel dermaga-shop dermaga-events dermaga-sandbox; do cp target/release/$host /out/; done

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Dermaga" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

RUN useradd --system --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin dermaga \
    && install --directory --owner dermaga --group dermaga --mode 0700 /data

COPY --from=builder /out/ /usr/local/bin/

# Nothing else is needed: SQLite and the certificate authorities are part of the programs.
USER dermaga
WORKDIR /data

# One machine in earnest: JWT_SECRET and PERSONAL_DATA_KEYS have no default, and `migrate` comes before the first start.
# The port is the same for all hosts, so that EXPOSE and the health check hold for each.
ENV DERMAGA_PROFILE=standalone \
    DERMAGA_BIND=0.0.0.0 \
    DERMAGA_DATA_DIR=/data \
    PORT=8000

VOLUME ["/data"]
EXPOSE 8000

# There is no curl in the image; bash can open a connection by itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health/ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 2 _ status _ <&3 && [ \"$status\" = 200 ]"]

# Another program instead: docker run --entrypoint dermaga-shop ..., or dermaga-sandbox
ENTRYPOINT ["dermaga"]
CMD ["serve"]
