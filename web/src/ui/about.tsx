/** Words that are the same on many buttons, with what they are about for those who hear them alone. */

/** Said as one piece: what stands apart from it is read with a space in front of the colon. */
export const About = ({ words, of }: { words: string; of: string }) => (
  <>
    <span aria-hidden>{words}</span>
    <span className="sr-only">{`${words}: ${of}`}</span>
  </>
)
