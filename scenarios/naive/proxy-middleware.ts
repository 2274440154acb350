import { createProxyMiddleware } from 'http-proxy-middleware'
import express from 'express'
import { listen } from './app.ts'

// A proxy as the README of http-proxy-middleware has it. The answer's headers are set, and sent with the first bytes of its body.
const app = express()
app.use(createProxyMiddleware({ target: process.env.UPSTREAM ?? '' }))
listen(app)
