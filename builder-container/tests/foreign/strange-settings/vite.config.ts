const again = () => again

export default again
