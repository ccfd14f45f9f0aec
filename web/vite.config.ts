/// <reference types="vitest/config" />
/**
 * One build, two ways to run it: `vite` in front of a control plane (the proxy below), and `vite --mode mock`, where
 * the mock API answers inside the page and nothing else is needed.
 */
import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const controlPlane = process.env.GANTRY_URL ?? 'http://127.0.0.1:7080'

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // Fonts as data URIs would need a wider content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    manifest: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'xterm', test: /node_modules[\\/]@xterm/ },
            { name: 'codemirror', test: /node_modules[\\/](@codemirror|@lezer|crelt|style-mod|w3c-keyname|@marijn)/ },
            { name: 'uplot', test: /node_modules[\\/]uplot/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': { target: controlPlane, ws: true, changeOrigin: false } },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'mock-api/**/*.test.ts'],
  },
})
