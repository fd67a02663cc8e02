/** The request was sent and its answer did not come: it may have been done or not. The next act is to look. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}
