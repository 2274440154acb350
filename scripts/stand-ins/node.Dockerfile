# Stands in for node:*-trixie-slim where no registry answers: the official binary, as npm carries it.
# (Debian's own build has TypeScript stripping compiled out.)
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE} AS fetch
ARG NODE_VERSION NPM_VERSION=11.19.1
WORKDIR /fetch
RUN apt-get update && apt-get install -y --no-install-recommends npm
RUN case "$(uname -m)" in x86_64) cpu=x64 ;; aarch64) cpu=arm64 ;; *) echo "no Node binary for $(uname -m)" >&2; exit 1 ;; esac \
  && npm pack --silent "node-linux-$cpu@$NODE_VERSION" "npm@$NPM_VERSION" \
  && mkdir node npm && tar -xzf node-linux-*.tgz -C node --strip-components=1 && tar -xzf npm-*.tgz -C npm --strip-components=1

FROM ${DEBIAN_IMAGE}
COPY --from=fetch /fetch/node/bin/node /usr/local/bin/node
COPY --from=fetch /fetch/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
  && node --version && npm --version
CMD ["node"]
