import { readFileSync, writeFileSync } from 'node:fs'

// Writes the JSON schemas of the kinds that ../*.yaml use, out of the OpenAPI document of Kubernetes: see README.md.
// Usage: node make.mjs SWAGGER_JSON
const { definitions } = JSON.parse(readFileSync(process.argv[2], 'utf8'))

const kinds = {
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  Deployment: 'io.k8s.api.apps.v1.Deployment',
  HorizontalPodAutoscaler: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  Ingress: 'io.k8s.api.networking.v1.Ingress',
  Namespace: 'io.k8s.api.core.v1.Namespace',
  NetworkPolicy: 'io.k8s.api.networking.v1.NetworkPolicy',
  PodDisruptionBudget: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  Secret: 'io.k8s.api.core.v1.Secret',
  Service: 'io.k8s.api.core.v1.Service',
  StatefulSet: 'io.k8s.api.apps.v1.StatefulSet',
}

const prefix = '#/definitions/'
// Written as a string, and taken as a number, too: `cpu: 2`, `port: http`.
const alsoNumbers = new Set(['int-or-string', 'quantity'])

/** One node of the document as a strict schema: no description, and no field that the server would not know. */
function strict(node, name) {
  if (Array.isArray(node)) return node.map(item => strict(item))
  if (node === null || typeof node !== 'object') return node
  const isQuantity = name === 'io.k8s.apimachinery.pkg.api.resource.Quantity'
  if (isQuantity || alsoNumbers.has(node.format)) return { type: ['string', 'number'] }
  const schema = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') {
      const fields = Object.entries(value).map(([field, inner]) => [field, strict(inner)])
      Object.assign(schema, { properties: Object.fromEntries(fields), additionalProperties: false })
    } else if (key !== 'description' && key !== 'format' && key !== 'default' && !key.startsWith('x-')) {
      schema[key] = strict(value)
    }
  }
  return schema
}

function reach(name, found = {}) {
  if (name in found) return found
  found[name] = strict(definitions[name], name)
  const references = JSON.stringify(found[name]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)
  for (const [, other] of references) reach(other, found)
  return found
}

for (const [kind, name] of Object.entries(kinds)) {
  const found = reach(name)
  const [{ group, version }] = definitions[name]['x-kubernetes-group-version-kind']
  Object.assign(found[name].properties, {
    apiVersion: { const: group === '' ? version : `${group}/${version}` },
    kind: { const: kind },
  })
  found[name].required = ['apiVersion', 'kind', 'metadata', ...(found[name].required ?? [])]
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $ref: prefix + name,
    definitions: found,
  }
  writeFileSync(new URL(`${kind.toLowerCase()}.json`, import.meta.url), `${JSON.stringify(schema)}\n`)
}
