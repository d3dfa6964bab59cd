export default "1"
