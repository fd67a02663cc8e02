/** A call was sent and its answer did not come: it may or may not have been done. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}
