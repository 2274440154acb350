# sse-lab/host: an engine in a container, one of the three hosts of `make hosts`. Debian's own engine: no image of Docker's is needed.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates docker.io docker-cli iptables \
  && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["dockerd", "--log-level", "warn"]
