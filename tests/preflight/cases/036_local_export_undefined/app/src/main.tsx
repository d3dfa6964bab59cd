export { q }
