export default { plugins: { "@tailwindcss/postcss": {}, "postcss-preset-env": { stage: 1 } } }
