# Stands in for the official redis, nginx and prometheus images where no registry answers: Debian forky has them in the
# pinned minor version. Brings no users, entrypoint or configuration that the lab relies on.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
ARG PACKAGES
RUN sed 's/trixie/forky/' /etc/apt/sources.list >/etc/apt/sources.list.d/forky.list \
  && apt-get update && apt-get install -y --no-install-recommends -t forky ${PACKAGES} \
  && rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/forky.list
