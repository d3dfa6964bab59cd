type E = number
export default E
