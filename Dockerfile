# One image for every role: `worker run` (the default), `supervisor run`, or any other command of the CLI.
ARG NODE_IMAGE=node:22-bookworm-slim

# Install scripts stay off: the one that exists builds an optional speed-up and would need a compiler.
FROM ${NODE_IMAGE} AS deps
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts

FROM deps AS build
COPY tsconfig*.json ./
COPY scripts scripts
COPY src src
COPY workers workers
RUN node scripts/build.mjs

FROM ${NODE_IMAGE} AS prod-deps
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE} AS final
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="bulwark" \
      org.opencontainers.image.description="A resilient worker pool for BullMQ" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Probes and Prometheus come from outside the container, so listening on loopback alone would hide it from them.
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    BULWARK_HTTP_HOST=0.0.0.0 \
    BULWARK_HTTP_PORT=9464 \
    BULWARK_LOG_FORMAT=json

WORKDIR /app
# The program belongs to root and cannot change itself; .bulwark is the one place it may write to. A named volume mounted
# there takes over its owner.
RUN mkdir .bulwark && chown node:node .bulwark
COPY --from=prod-deps /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin

USER node
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.BULWARK_HTTP_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# Exec form: node is the process that gets SIGTERM. It drains on the first and leaves at once on the second.
ENTRYPOINT ["node", "bin/bulwark.mjs"]
CMD ["worker", "run"]
